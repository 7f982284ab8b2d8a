export { SupportArchive, type SupportEntry, supportFileName } from './archive.js';
export { brokerReport } from './broker-probe.js';
export { certificateReport } from './certificates.js';
export { configReport, writtenConfigReport } from './configuration.js';
export { journalTail, logTail } from './log-tail.js';
export { diskReport } from './system.js';
