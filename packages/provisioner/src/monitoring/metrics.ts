import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { EventListener, ProvisionEvent } from '../events/events.js';
import type { Provisioner } from '../worker/provisioner.js';

/** Seconds: steps take moments, Puppet runs minutes. */
const buckets = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800];

const states = ['planning', 'queued', 'working', 'waiting', 'telling'] as const;

/** Metrics of a provisioner for Prometheus. */
export class Metrics {
  readonly registry = new Registry();
  readonly #arrived = this.#counter('arrivals_total', 'Nodes that arrived to be provisioned');
  readonly #finished = this.#counter('finished_total', 'Nodes that finished, by outcome', ['outcome']);
  readonly #waits = this.#counter('waits_total', 'Times a node had to wait for a retry');
  readonly #told = this.#counter('notifications_total', 'Notifications, by protocol and delivery', [
    'protocol',
    'delivered',
  ]);
  readonly #steps = this.#histogram('step_seconds', 'Duration of steps', ['step', 'outcome']);
  readonly #whole = this.#histogram('seconds', 'Duration of the provisioning of a node', ['outcome']);
  readonly #outside = this.#histogram(
    'outside_puppet_seconds',
    'Duration of the provisioning of a node without the Puppet runs',
    ['outcome'],
  );

  constructor() {
    collectDefaultMetrics({ register: this.registry, prefix: 'troupe_provisioner_' });
  }

  /** Adds gauges for the nodes in progress and the pause, computed at each scrape. */
  watch(provisioner: Pick<Provisioner, 'nodes' | 'paused'>): void {
    const registers = [this.registry];
    new Gauge({
      name: 'troupe_provisioner_nodes',
      help: 'Nodes in progress, by state',
      labelNames: ['state'],
      registers,
      collect() {
        const nodes = provisioner.nodes();
        for (const state of states) this.set({ state }, nodes.filter((node) => node.state === state).length);
      },
    });
    new Gauge({
      name: 'troupe_provisioner_master_nodes',
      help: 'Nodes in progress, by master',
      labelNames: ['master'],
      registers,
      collect() {
        this.reset();
        for (const { master } of provisioner.nodes()) if (master !== undefined) this.inc({ master });
      },
    });
    new Gauge({
      name: 'troupe_provisioner_paused',
      help: 'Whether provisioning is paused',
      registers,
      collect() {
        this.set(provisioner.paused() ? 1 : 0);
      },
    });
  }

  /** Counts an event; to be called for every event of the provisioner. */
  readonly count: EventListener = (event: ProvisionEvent) => {
    if (event.type === 'arrived') this.#arrived.inc();
    else if (event.type === 'waiting') this.#waits.inc();
    else if (event.type === 'step-ended')
      this.#steps.observe({ step: event.step, outcome: event.outcome }, event.seconds);
    else if (event.type === 'notified')
      this.#told.inc({ protocol: event.protocol, delivered: `${event.delivered}` });
    else if (event.type === 'done' || event.type === 'quarantined') {
      const { outcome, seconds, secondsOutsidePuppet } = event.report;
      this.#finished.inc({ outcome });
      this.#whole.observe({ outcome }, seconds);
      this.#outside.observe({ outcome }, secondsOutsidePuppet);
    }
  };

  #counter(name: string, help: string, labelNames: string[] = []): Counter {
    return new Counter({ name: `troupe_provisioner_${name}`, help, labelNames, registers: [this.registry] });
  }

  #histogram(name: string, help: string, labelNames: string[]): Histogram {
    const registers = [this.registry];
    return new Histogram({ name: `troupe_provisioner_${name}`, help, labelNames, buckets, registers });
  }
}
