//! The search for motion on a GPU beside the oracle of `motion`, and beside the CPU.

use super::tests::gpu;
use super::*;
use crate::media::{FrameAnalysis, FrameFormat, FrameView, PlaneData};
use crate::motion::tests::{cases, tiles};
use crate::motion::{Analyzer, Depth, Luma, SceneAnalyzer, SearchRecord, Searcher};

#[test]
#[ignore = "needs a GPU: llvmpipe will do"]
fn every_case_is_the_oracles() {
    let mut searcher = GpuSearcher::new(gpu());
    cases::compare("GPU", |case| {
        let mut luma = Luma::default();
        let mut take = |searcher: &mut GpuSearcher, index: usize| {
            case.pictures[index].with_view(case.shift, |view| luma.take(view, case.shift));
            searcher.take(&luma).unwrap();
        };
        take(&mut searcher, 0);
        take(&mut searcher, 1);
        let first = searcher.search_all(0, 1, Depth::Field(None)).unwrap();
        take(&mut searcher, 2);
        let second = searcher.search_all(0, 1, Depth::Field(first.1.field.as_ref())).unwrap();
        // So it is when it is asked for again, further back.
        searcher.repeat().unwrap();
        let again = searcher.search_all(2, 3, Depth::Field(None)).unwrap();
        assert!(again == first, "{}", case.name);
        let coarse = searcher.search_all(0, 2, Depth::Coarse).unwrap();
        assert!(coarse.1.field.is_none() && coarse.0 == second.0, "{}", case.name);
        [first, second]
    });
}

/// Frames of tiles that move: a flash, a cut, repeated frames.
fn frames((width, height): (usize, usize)) -> Vec<Vec<u8>> {
    let scenes = [(1, 0), (1, 3), (1, 3), (2, 0), (1, 6), (1, 9), (3, 0), (3, 5), (3, 5), (4, 0), (4, 3)];
    scenes.map(|(scene, shift)| tiles(width, height, scene, shift)).to_vec()
}

fn analyze(mut analyzer: Analyzer, size: (usize, usize), deep: bool, between: impl Fn(usize)) -> Vec<FrameAnalysis> {
    let mut out = Vec::new();
    for (index, frame) in frames(size).into_iter().enumerate() {
        between(index);
        let words: Vec<u16> = frame.iter().map(|&sample| u16::from(sample) * 257).collect();
        let data = if deep { PlaneData::U16(&words) } else { PlaneData::U8(&frame) };
        let frame = FrameView::contiguous(FrameFormat::Gray, size.0 as u32, size.1 as u32, data).unwrap();
        out.extend(analyzer.add(&frame).unwrap());
    }
    out.extend(analyzer.finish());
    out
}

#[test]
#[ignore = "needs a GPU: llvmpipe will do"]
fn what_is_known_of_frames_is_the_same() {
    let device = Device::Gpu(gpu());
    for size in [(96, 80), (51, 35)] {
        for (has_vectors, deep) in [(false, false), (true, false), (true, true)] {
            let analyzer = || Analyzer::new(size.0 as u32, size.1 as u32).unwrap().with_vectors(has_vectors);
            let expected = analyze(analyzer(), size, deep, |_| {});
            assert!(expected.iter().any(|frame| frame.is_cut) && expected.iter().any(|frame| frame.is_repeat));
            assert_eq!(expected.last().unwrap().motion.is_some(), has_vectors);
            let found = analyze(analyzer().with_device(&device), size, deep, |_| {});
            assert_eq!(found, expected, "{size:?}, {has_vectors}, {deep}");
        }
    }
}

/// Whenever it goes: the CPU goes on with the same results.
#[test]
#[ignore = "needs a GPU: llvmpipe will do"]
fn a_device_that_is_lost_leaves_the_rest_to_the_cpu() {
    let size = (96, 80);
    let expected = analyze(Analyzer::new(96, 80).unwrap().with_vectors(true), size, false, |_| {});
    for lost_at in [0, 1, 2, 3, 5, 9] {
        let gpu = gpu();
        let device = Device::Gpu(gpu.clone());
        let analyzer = Analyzer::new(96, 80).unwrap().with_vectors(true).with_device(&device);
        let lose = |index| {
            if index == lost_at {
                gpu.device().destroy();
            }
        };
        assert_eq!(analyze(analyzer, size, false, lose), expected, "lost before frame {lost_at}");
    }
}

#[test]
#[ignore = "needs a GPU: llvmpipe will do"]
fn a_picture_that_no_buffer_holds_goes_to_the_cpu() {
    let gpu = gpu();
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    let adapters = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::all()));
    let adapter = adapters.into_iter().find(|adapter| adapter.get_info().name == gpu.name()).unwrap();
    // A device with no more than a pyramid of 96x80 takes.
    let required_limits = wgpu::Limits {
        max_storage_buffer_binding_size: 60_000,
        max_buffer_size: 60_000,
        ..wgpu::Limits::downlevel_defaults()
    };
    let descriptor = wgpu::DeviceDescriptor { required_limits, ..Default::default() };
    let (device, queue) = pollster::block_on(adapter.request_device(&descriptor)).unwrap();
    let small = GpuContext::from_wgpu(device, queue);
    for (size, fits) in [((96, 80), true), ((196, 180), false)] {
        let record = SearchRecord::default();
        let searcher = Box::new(GpuSearcher::new(small.clone()));
        let mut analyzer = SceneAnalyzer::new(1).unwrap().with_searcher(searcher, record.clone());
        for frame in frames(size).into_iter().take(2) {
            let mut picture = crate::media::Picture::new(crate::media::PixelFormat::Gray, size.0, size.1);
            picture.planes[0] = crate::media::Plane::U8(frame);
            analyzer.add_picture(&picture.view());
        }
        assert_eq!(record.failure().is_none(), fits, "{:?}", record.failure());
    }
}
