/** Offers answers that are on this device alone as a file for the teacher; `records` are those of the box. */
export function saveFile(name, records) {
  const lines = records.map(one => `${one.place}. ${one.words}`);
  const text = [document.title, location.href, new Date().toISOString(), "", ...lines, ""].join("\n");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
  link.download = `${name}.txt`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
