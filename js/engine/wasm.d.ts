declare module "*.wasm" {
  /** The file's content: esbuild puts it into the bundle. */
  const bytes: Uint8Array<ArrayBuffer>;
  export default bytes;
}
