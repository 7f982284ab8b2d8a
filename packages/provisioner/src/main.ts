import { processIo } from './commands/io.js';
import { runProgram } from './commands/program.js';

process.exit(await runProgram(process.argv.slice(2), processIo));
