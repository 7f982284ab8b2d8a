export type { CommandLine, Session } from '@troupe/client/application';
export { define, name, summary } from './commands/define.js';
export { type SendWords, send } from './commands/send.js';
