export { equalJitterBackoff } from './backoff.js';
export { onAbort } from './on-abort.js';
export { pause } from './pause.js';
export { KeyedSerial, Serial } from './serial.js';
export { type SlotLimits, Slots } from './slots.js';
