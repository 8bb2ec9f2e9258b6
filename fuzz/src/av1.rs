//! AV1 to put into files: what the engine made of a small scene, once.

use std::io::Cursor;
use std::sync::OnceLock;

use framewright::media::{Av1Config, ChromaSubsampling, Color};
use framewright::sink::SharedWriter;
use framewright::testing::video;
use framewright::{Container, Encoder, VideoOptions};

use crate::demux;

/// A few pictures of one stream.
pub struct Pictures {
    pub config: Av1Config,
    /// As packets have them: without temporal delimiters. Decoding begins at the first.
    pub packets: Vec<Vec<u8>>,
}

/// Width and height of the pictures.
pub const SIZE: u32 = 16;

pub fn pictures() -> &'static Pictures {
    static PICTURES: OnceLock<Pictures> = OnceLock::new();
    PICTURES.get_or_init(|| {
        let file = SharedWriter::new(Cursor::new(Vec::new()));
        let mut encoder = Encoder::new();
        let options = VideoOptions::new(SIZE, SIZE).color(Color::BT709).low_latency(true).preset(10).threads(1);
        let mut stream = encoder.add_video(options).expect("options in their ranges");
        encoder.open_writer(file.clone(), Container::Ivf).expect("IVF takes AV1");
        for index in 0..3 {
            let frame = video(1).size(SIZE, SIZE).frame(index);
            stream.add_frame(&frame.view().expect("a frame")).expect("it is taken");
        }
        drop(stream);
        encoder.close().expect("three pictures");
        let file = file.into_inner().expect("the encoder let go of it").into_inner();
        // A delimiter of two bytes stands in front.
        let packets: Vec<Vec<u8>> = demux::ivf(&file).into_iter().map(|(_, data)| data[2..].to_vec()).collect();
        let obus = demux::obus(&packets[0]).expect("open bitstream units");
        let (_, payload) = obus.iter().find(|(kind, _)| *kind == 1).expect("a sequence header");
        let sequence_header = [&[0x0a, payload.len() as u8][..], payload].concat();
        let config = Av1Config {
            profile: 0,
            level: 0,
            tier: 0,
            bit_depth: 8,
            chroma: ChromaSubsampling::Yuv420,
            chroma_sample_position: 0,
            max_frame_width: SIZE,
            max_frame_height: SIZE,
            color: Color::BT709,
            sequence_header,
        };
        Pictures { config, packets }
    })
}
