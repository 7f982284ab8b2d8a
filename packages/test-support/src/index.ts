export { actorDdl, actorProgram } from './actor.js';
export { movedClock } from './moved-clock.js';
export { openFiles } from './open-files.js';
export { skip } from './skip.js';
export { onTerminal } from './terminal.js';
export { until } from './until.js';
