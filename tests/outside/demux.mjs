// Reads files with mediabunny and prints, for each, one line of JSON: tracks with codec strings, sizes, counts, times.
//
//   node demux.mjs FILE...
import { ALL_FORMATS, EncodedPacketSink, FilePathSource, Input } from "mediabunny";

for (const file of process.argv.slice(2)) {
  const input = new Input({ formats: ALL_FORMATS, source: new FilePathSource(file) });
  const tracks = [];
  for (const track of await input.getTracks()) {
    let packets = 0;
    let keys = 0;
    let first = null;
    let end = 0;
    for await (const packet of new EncodedPacketSink(track).packets()) {
      packets += 1;
      keys += packet.type === "key" ? 1 : 0;
      first ??= packet.timestamp;
      end = Math.max(end, packet.timestamp + packet.duration);
    }
    tracks.push({
      type: track.type,
      codec: await track.getCodecParameterString(),
      width: track.type === "video" ? await track.getDisplayWidth() : undefined,
      height: track.type === "video" ? await track.getDisplayHeight() : undefined,
      sampleRate: track.type === "audio" ? await track.getSampleRate() : undefined,
      channels: track.type === "audio" ? await track.getNumberOfChannels() : undefined,
      packets,
      keys,
      first,
      end,
    });
  }
  console.log(JSON.stringify({ file, format: (await input.getFormat()).name, duration: await input.computeDuration(), tracks }));
}
