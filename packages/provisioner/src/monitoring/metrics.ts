import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { EventListener, ProvisionEvent } from '../events/events.js';
import type { Provisioner } from '../worker/provisioner.js';

/** Seconds: steps take moments, runs of Puppet minutes. */
const buckets = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800];

const states = ['planning', 'queued', 'working', 'waiting', 'telling'] as const;

/** What a provisioner does, as numbers for Prometheus. */
export class Metrics {
  readonly registry = new Registry();
  readonly #arrived = this.#counter('arrivals_total', 'Nodes that came and want to be provisioned');
  readonly #finished = this.#counter('finished_total', 'Nodes that have ended, well or not', ['outcome']);
  readonly #waits = this.#counter('waits_total', 'Times that a node has to wait for another attempt');
  readonly #told = this.#counter('notifications_total', 'Notifications, delivered or not', [
    'protocol',
    'delivered',
  ]);
  readonly #steps = this.#histogram('step_seconds', 'Seconds of each step', ['step', 'outcome']);
  readonly #whole = this.#histogram('seconds', 'Seconds from the beginning of a node to its end', [
    'outcome',
  ]);
  readonly #outside = this.#histogram('outside_puppet_seconds', 'The same without the runs of Puppet', [
    'outcome',
  ]);

  constructor() {
    collectDefaultMetrics({ register: this.registry, prefix: 'troupe_provisioner_' });
  }

  /** Also tells how many nodes are in hand, and whether it is paused, whenever somebody looks. */
  watch(provisioner: Pick<Provisioner, 'nodes' | 'paused'>): void {
    const registers = [this.registry];
    new Gauge({
      name: 'troupe_provisioner_nodes',
      help: 'Nodes in hand, by what happens to them',
      labelNames: ['state'],
      registers,
      collect() {
        const nodes = provisioner.nodes();
        for (const state of states) this.set({ state }, nodes.filter((node) => node.state === state).length);
      },
    });
    new Gauge({
      name: 'troupe_provisioner_master_nodes',
      help: 'Nodes in hand, by the master that they are given to',
      labelNames: ['master'],
      registers,
      collect() {
        this.reset();
        for (const { master } of provisioner.nodes()) if (master !== undefined) this.inc({ master });
      },
    });
    new Gauge({
      name: 'troupe_provisioner_paused',
      help: 'Whether no new node is begun',
      registers,
      collect() {
        this.set(provisioner.paused() ? 1 : 0);
      },
    });
  }

  /** To be given every event of the provisioner. */
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
