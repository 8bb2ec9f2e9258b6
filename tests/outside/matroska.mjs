// Reads files with mediabunny and prints, for each, one line of JSON: what they say of themselves.
//
//   node matroska.mjs FILE...
import { ALL_FORMATS, EncodedPacketSink, FilePathSource, Input } from "mediabunny";

for (const file of process.argv.slice(2)) {
  const input = new Input({ formats: ALL_FORMATS, source: new FilePathSource(file) });
  const tags = await input.getMetadataTags();
  const video = await input.getPrimaryVideoTrack();
  const languages = [];
  for (const track of await input.getTracks()) {
    languages.push(await track.getLanguageCode());
  }
  let alpha = 0;
  if (video) {
    for await (const packet of new EncodedPacketSink(video).packets()) {
      alpha += packet.sideData.alpha ? 1 : 0;
    }
  }
  console.log(
    JSON.stringify({
      file,
      title: tags.title,
      artist: tags.artist,
      date: tags.date,
      images: (tags.images ?? []).map((image) => [image.kind, image.mimeType, image.data.length]),
      rotation: video ? await video.getRotation() : undefined,
      width: video ? await video.getDisplayWidth() : undefined,
      height: video ? await video.getDisplayHeight() : undefined,
      languages,
      alpha,
    }),
  );
}
