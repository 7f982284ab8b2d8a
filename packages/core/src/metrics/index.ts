export { type ExposedMetrics, exposeMetrics } from './expose.js';
export {
  type Counter,
  type Histogram,
  type MetricDefinition,
  type MetricDescription,
  Metrics,
  type MetricType,
  metricsType,
  readOnce,
  type Sample,
} from './metrics.js';
export { addProcessMetrics } from './process-metrics.js';
export { addValidityMetrics } from './validity-metrics.js';
export { type HttpAddress, serveWeb, type WebPage, type WebPages, type WebServer } from './web-server.js';
