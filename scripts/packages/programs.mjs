import { CommandFailed } from '../command.mjs';

/** Asks each program of the packages for its version and its help; returns the problems. */
export async function startAll(manifests, { run }) {
  const problems = [];
  for (const { bin, version } of manifests) {
    for (const program of Object.keys(bin ?? {})) {
      const found =
        (await fault(run, program, '--version', new RegExp(`^${program} ${RegExp.escape(version)}\n`))) ??
        (await fault(run, program, '--help', new RegExp(`^Usage: ${program} `)));
      if (found !== undefined) problems.push(found);
    }
  }
  return problems;
}

async function fault(run, program, option, pattern) {
  try {
    const output = await run(program, [option]);
    if (pattern.test(output)) return undefined;
    return `${program} ${option} printed unexpected output: ${output.split('\n', 1)}`;
  } catch (error) {
    if (error instanceof CommandFailed) return error.message;
    throw error;
  }
}
