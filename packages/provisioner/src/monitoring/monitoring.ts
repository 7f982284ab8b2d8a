import type { Client } from '@troupe/client';
import type { Logger } from '@troupe/core';
import type { EndingFiles } from '@troupe/core/internal';
import { type ExposedMetrics, exposeMetrics, type WebPage } from '@troupe/core/internal/metrics';
import type { ProvisionerConfig } from '../config/config.js';
import type { EventListener } from '../events/events.js';
import type { OutboxState } from '../events/outbox.js';
import type { PendingJournal } from '../journal/pending-journal.js';
import { ProvisionerMetrics } from './metrics.js';
import { statusPage } from './status-page.js';

type Watched = Parameters<typeof statusPage>[0];

/** What a provisioner shows of itself: `/metrics`, `/status` and `/healthz` over HTTP, and a file of metrics. */
export class Monitoring {
  readonly #metrics: ProvisionerMetrics;
  #exposed: ExposedMetrics | undefined;
  #provisioner: Watched | undefined;

  private constructor(metrics: ProvisionerMetrics) {
    this.#metrics = metrics;
  }

  /** Shows what is configured until closed; what cannot be shown is logged. */
  static async open(
    { http, metrics }: Pick<ProvisionerConfig, 'http' | 'metrics'>,
    security: EndingFiles,
    log: Logger,
  ): Promise<Monitoring> {
    const monitoring = new Monitoring(new ProvisionerMetrics(security));
    monitoring.#exposed = await exposeMetrics(monitoring.#metrics.metrics, {
      http,
      textfile: metrics.textfile,
      interval: metrics.interval,
      keys: 'http.address or http.port',
      pages: {
        '/status': () => monitoring.#statusPage(),
        '/healthz': () => ({ type: 'text/plain; charset=utf-8', body: 'ok\n' }),
      },
      log,
    });
    return monitoring;
  }

  /** The address of the web server, if there is one. */
  get url(): string | undefined {
    return this.#exposed?.url;
  }

  /** Counts an event; to be called for every event of the provisioner. */
  readonly count: EventListener = (event) => this.#metrics.count(event);

  /** Shows this provisioner and its connection to the broker from now on. */
  watch(provisioner: Watched, client: Pick<Client, 'isConnected'>): void {
    this.#provisioner = provisioner;
    this.#metrics.watch(provisioner, client);
  }

  /** Shows whether this journal can be written, from now on. */
  watchJournal(journal: Pick<PendingJournal, 'isFailing'>): void {
    this.#metrics.watchJournal(journal);
  }

  /** Shows the notifications that wait, from now on; they do not need a broker. */
  watchMessages(messages: () => OutboxState): void {
    this.#metrics.watchMessages(messages);
  }

  async close(): Promise<void> {
    await this.#exposed?.close();
  }

  #statusPage(): WebPage | undefined {
    if (!this.#provisioner) return undefined;
    return { type: 'application/json', body: `${JSON.stringify(statusPage(this.#provisioner))}\n` };
  }
}
