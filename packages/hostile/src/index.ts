export type { Attack } from './attacks/attack.js';
export { attackTables } from './attacks/tables.js';
