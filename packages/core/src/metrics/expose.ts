import { messageOf, reasonOf } from '../errors.js';
import type { Logger } from '../log/logger.js';
import { RewrittenFile } from '../rewritten-file.js';
import { type Metrics, metricsType } from './metrics.js';
import { type HttpAddress, serveWeb, type WebPages, type WebServer } from './web-server.js';

/** Metrics that others can read now. */
export interface ExposedMetrics {
  /** The web server, if there is one. */
  readonly url?: string;
  /** Why the web server does not serve, and why the file cannot be written now; undefined for what works or is not configured. */
  faults(): { readonly http: string | undefined; readonly textfile: string | undefined };
  close(): Promise<void>;
}

/**
 * Serves metrics over HTTP at `/metrics`, writes them to a file, or both, until closed. The program works without them:
 * a port that is in use, or a file that cannot be written, is logged. When it is closed, the file is removed: nobody must
 * take the last values for those of now.
 */
export async function exposeMetrics(
  metrics: Pick<Metrics, 'text'>,
  options: {
    readonly http: HttpAddress | undefined;
    readonly textfile: string | undefined;
    /** Seconds between two writes of the file. */
    readonly interval: number;
    /** The configuration keys of the address, for an error. */
    readonly keys: string;
    /** What else the web server shows, by its path. */
    readonly pages?: WebPages;
    readonly log: Logger;
  },
): Promise<ExposedMetrics> {
  const { http, textfile, interval, keys, log } = options;
  const pages = { '/metrics': () => ({ type: metricsType, body: metrics.text() }), ...options.pages };
  let web: WebServer | undefined;
  let fault: string | undefined;
  try {
    web = http && (await serveWeb({ http, keys, pages, log }));
  } catch (error) {
    fault = messageOf(error);
    log.warn(reasonOf(error), 'cannot serve metrics over HTTP');
  }
  const file =
    textfile === undefined
      ? undefined
      : new RewrittenFile({
          file: textfile,
          what: 'the file of metrics',
          seconds: interval,
          read: () => metrics.text(),
          log,
        });
  return {
    ...(web && { url: web.url }),
    faults: () => ({ http: fault, textfile: file?.fault }),
    close: async () => {
      await web?.close();
      await file?.remove();
    },
  };
}
