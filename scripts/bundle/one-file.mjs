import { build } from 'esbuild';

/** Writes a CommonJS module, with all that it requires as seen from `home`, to one file; returns what esbuild says of its inputs. */
export async function writeOneFile(contents, { root, home, outfile, legalComments }) {
  const { metafile } = await build({
    stdin: { contents, resolveDir: home },
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    minifySyntax: true,
    minifyWhitespace: true,
    ...(legalComments && { legalComments }),
    metafile: true,
    outfile,
    logLevel: 'warning',
  });
  return metafile;
}
