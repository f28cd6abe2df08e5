/** A file of this folder that a thread or process runs. Tests run the TypeScript sources; threads take the built files. */
export function builtFile(name: string): URL {
  const fromSource = import.meta.url.endsWith(".ts");
  return new URL(fromSource ? `../../../dist/ranks/mpi/${name}` : `./${name}`, import.meta.url);
}
