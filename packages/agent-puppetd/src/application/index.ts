export type { CommandLine, Session } from '@troupe/client/application';
export { define, name, summary } from './commands/define.js';
export { type Distribution, distributionOf, sparkline } from './distribution.js';
export { Fleet, type FleetListener, type Member } from './fleet.js';
export { type NodeRun, type NodeRunOptions, runNode } from './node-run.js';
export { type RunAll, type RunAllOptions, type RunAllStats, rerunAll, runAll } from './run-all.js';
export type { RunInput } from './run-input.js';
export { type ScheduleEvent, type ScheduleOptions, schedule } from './schedule.js';
export type { Selection } from './selection.js';
