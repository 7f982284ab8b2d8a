import type { ConfigOf } from '../config/config-schema.js';
import type { sections } from '../config/sections.js';
import type { Logger } from '../log/logger.js';
import type { ExposedMetrics } from './expose.js';
import type { Metrics } from './metrics.js';

/** Where metrics are exposed; by default nowhere. */
export type MetricsConfig = ConfigOf<typeof sections.metrics>;

/**
 * Exposes metrics as a configuration says, until closed. Where it says nothing, nothing is loaded: `define` imports what
 * the metrics need.
 */
export async function openMetrics(
  { http, textfile, interval }: MetricsConfig,
  define: () => Promise<Metrics>,
  log: Logger,
): Promise<ExposedMetrics | undefined> {
  if (http === undefined && textfile === undefined) return undefined;
  const { exposeMetrics } = await import('./expose.js');
  const options = { http, textfile, interval, keys: 'metrics.http.address or metrics.http.port', log };
  const exposed = await exposeMetrics(await define(), options);
  if (exposed.url !== undefined) log.info({ url: `${exposed.url}/metrics` }, 'serving metrics');
  return exposed;
}
