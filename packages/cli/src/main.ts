import { run } from './program.js';

// Somebody downstream who has read enough, such as `head`, is no error: end as a signal of theirs would have it.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(141);
});

process.exitCode = await run(process.argv.slice(2));

// A connection that a broker does not take leave of must not keep anybody waiting for the prompt.
setTimeout(() => process.exit(), 1_000).unref();
