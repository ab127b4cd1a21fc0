// Modules that come as text: a page without a server has no address to import them from.

/** @param {BlobPart} source  of an ES module */
export async function importSource(source) {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  try {
    return await import(url);
  } finally {
    URL.revokeObjectURL(url);
  }
}
