declare module "*.css" {
  /** The file's content: esbuild puts it into the bundle. */
  const text: string;
  export default text;
}
