// Reads HLS with mediabunny and prints, for each manifest, one line of JSON with its tracks.
//
//   node hls.mjs MANIFEST...
import * as mediabunny from "mediabunny";

const { FilePathSource, HLS_FORMATS, Input, EncodedPacketSink } = mediabunny;

for (const file of process.argv.slice(2)) {
  const source = new FilePathSource(file);
  const input = new Input({ formats: HLS_FORMATS, source });
  const tracks = [];
  for (const track of await input.getTracks()) {
    const sink = new EncodedPacketSink(track);
    const found = { type: track.type, codec: await (track.getCodec?.() ?? track.codec), packets: 0, first: null, end: 0 };
    for await (const packet of sink.packets()) {
      found.first ??= packet.timestamp;
      found.packets += 1;
      found.end = Math.max(found.end, packet.timestamp + packet.duration);
    }
    tracks.push(found);
  }
  console.log(JSON.stringify({ file, tracks }));
}
process.exit(0);
