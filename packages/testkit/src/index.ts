export { skip, skipReasonOf } from './skip.js';
