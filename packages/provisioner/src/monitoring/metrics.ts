import type { Client } from '@troupe/client';
import type { EndingFiles } from '@troupe/core/internal';
import { addProcessMetrics, addValidityMetrics, Metrics, type Sample } from '@troupe/core/internal/metrics';
import { arrivalStates } from '../arrivals/arrival.js';
import type { EventListener, ProvisionEvent } from '../events/events.js';
import type { OutboxState } from '../events/outbox.js';
import type { PendingJournal } from '../journal/pending-journal.js';
import type { Provisioner } from '../worker/provisioner.js';

/** Seconds: steps take moments, Puppet runs minutes. */
const buckets = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800];

const states = ['planning', 'queued', 'working', 'waiting', 'telling'] as const;

type Watched = Pick<Provisioner, 'nodes' | 'paused' | 'mastersAway' | 'debts' | 'arrivals'>;

/** Metrics of a provisioner for Prometheus. */
export class ProvisionerMetrics {
  readonly metrics = new Metrics('troupe_provisioner');
  #provisioner: Watched | undefined;
  #client: Pick<Client, 'isConnected'> | undefined;
  #journal: Pick<PendingJournal, 'isFailing'> | undefined;

  #messages: (() => OutboxState) | undefined;

  readonly #arrived = this.metrics.counter({
    name: 'arrivals_total',
    help: 'Nodes that arrived to be provisioned',
  });
  readonly #finished = this.metrics.counter(
    {
      name: 'finished_total',
      help: 'Nodes that finished, by outcome: done, quarantined',
      labels: ['outcome'],
    },
    [['done'], ['quarantined']],
  );
  readonly #waits = this.metrics.counter({
    name: 'waits_total',
    help: 'Times that a node had to wait for a retry',
  });
  readonly #told = this.metrics.counter({
    name: 'notifications_total',
    help: 'Notifications by protocol, and whether they were delivered: true, false',
    labels: ['protocol', 'delivered'],
  });
  readonly #steps = this.metrics.histogram(
    { name: 'step_seconds', help: 'Duration of steps in seconds', labels: ['step', 'outcome'] },
    buckets,
  );
  readonly #whole = this.metrics.histogram(
    { name: 'seconds', help: 'Duration of the provisioning of a node in seconds', labels: ['outcome'] },
    buckets,
  );
  readonly #outside = this.metrics.histogram(
    {
      name: 'outside_puppet_seconds',
      help: 'Duration of the provisioning of a node without the Puppet runs, in seconds',
      labels: ['outcome'],
    },
    buckets,
  );

  /** `security`: the files whose ends are shown. */
  constructor(security: EndingFiles) {
    const { metrics } = this;
    const nodes = () => this.#provisioner?.nodes() ?? [];
    metrics.watch('gauge', { name: 'nodes', help: 'Nodes in progress, by state', labels: ['state'] }, () => {
      const all = nodes();
      return states.map((state): Sample => [all.filter((node) => node.state === state).length, state]);
    });
    metrics.watch(
      'gauge',
      { name: 'master_nodes', help: 'Nodes in progress, by Puppet master', labels: ['master'] },
      () => nodes().flatMap(({ master }): Sample[] => (master === undefined ? [] : [[1, master]])),
    );
    metrics.watch(
      'gauge',
      { name: 'masters_away', help: 'Known Puppet masters that do not reply' },
      () => this.#provisioner?.mastersAway().length ?? 0,
    );
    metrics.watch(
      'gauge',
      {
        name: 'debts',
        help: 'Cleanings of CAs that are still to be done, by Puppet master',
        labels: ['master'],
      },
      () => (this.#provisioner?.debts() ?? []).map(({ master }): Sample => [1, master]),
    );
    metrics.watch(
      'gauge',
      {
        name: 'machines',
        help: 'Machines that arrived and are not done, by state; refused: the broker refuses their connection',
        labels: ['state'],
      },
      () => {
        const all = this.#provisioner?.arrivals() ?? [];
        const names = [...arrivalStates, 'refused'] as const;
        return names.map((state): Sample => [all.filter((line) => line.state === state).length, state]);
      },
    );
    metrics.watch('gauge', { name: 'paused', help: '1 while provisioning is paused, otherwise 0' }, () =>
      this.#provisioner?.paused() ? 1 : 0,
    );
    metrics.watch(
      'gauge',
      { name: 'broker_connected', help: '1 while connected to a broker, otherwise 0' },
      () => (this.#client?.isConnected ? 1 : 0),
    );
    metrics.watch(
      'gauge',
      {
        name: 'journal_failing',
        help: '1 while the journal of what is pending cannot be written, otherwise 0',
      },
      () => (this.#journal?.isFailing ? 1 : 0),
    );
    metrics.watch(
      'gauge',
      { name: 'notifications_waiting', help: 'Notifications that are not sent to every recipient yet' },
      () => this.#messages?.().waiting ?? 0,
    );
    metrics.watch(
      'gauge',
      {
        name: 'notifications_oldest_seconds',
        help: 'Age in seconds of the oldest notification that waits; 0 if none does',
      },
      () => {
        const { oldestSince = Date.now() } = this.#messages?.() ?? {};
        return Math.max(0, (Date.now() - oldestSince) / 1000);
      },
    );
    addValidityMetrics(metrics, () => security);
    addProcessMetrics(metrics);
  }

  /** Shows the nodes in progress and the pause of this provisioner, and this connection to the broker, from now on. */
  watch(provisioner: Watched, client: Pick<Client, 'isConnected'>): void {
    this.#provisioner = provisioner;
    this.#client = client;
  }

  /** Shows whether this journal can be written, from now on. */
  watchJournal(journal: Pick<PendingJournal, 'isFailing'>): void {
    this.#journal = journal;
  }

  /** Shows the notifications that wait, from now on. */
  watchMessages(messages: () => OutboxState): void {
    this.#messages = messages;
  }

  /** Counts an event; to be called for every event of the provisioner. */
  readonly count: EventListener = (event: ProvisionEvent) => {
    if (event.type === 'arrived') this.#arrived.count();
    else if (event.type === 'waiting') this.#waits.count();
    else if (event.type === 'step-ended') this.#steps.observe(event.seconds, event.step, event.outcome);
    else if (event.type === 'notified') this.#told.count(event.protocol, `${event.delivered}`);
    else if (event.type === 'done' || event.type === 'quarantined') {
      const { outcome, seconds, secondsOutsidePuppet } = event.report;
      this.#finished.count(outcome);
      this.#whole.observe(seconds, outcome);
      this.#outside.observe(secondsOutsidePuppet, outcome);
    }
  };
}
