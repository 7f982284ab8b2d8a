export type { CommandLine, Session } from './commands/command-line.js';
export { define, name, summary } from './commands/define.js';
export { type SendWords, send } from './commands/send.js';
