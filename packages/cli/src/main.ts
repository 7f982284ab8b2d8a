import { run } from './program.js';

// A reader downstream that closes the pipe, such as `head`, is not an error: exit as after SIGPIPE.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(141);
});

process.exitCode = await run(process.argv.slice(2));

// A broker that does not close its connection must not delay the prompt.
setTimeout(() => process.exit(), 1_000).unref();
