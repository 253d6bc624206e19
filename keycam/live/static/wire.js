// Binary messages: bytes of the header, the header as JSON, pictures one behind the other.
export async function unpacked(data) {
  const size = new DataView(data).getUint32(0);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, size)));
  const pictures = {};
  let at = 4 + size;
  for (const { name, bytes } of header.panes) {
    pictures[name] = await createImageBitmap(new Blob([new Uint8Array(data, at, bytes)], { type: "image/jpeg" }));
    at += bytes;
  }
  return { header, pictures };
}
