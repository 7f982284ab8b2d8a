import { styleText } from 'node:util';
import type { ProvisionEvent } from '@troupe/provisioner';

type Style = Parameters<typeof styleText>[0];

/** Shows the progress of the demo as it runs. */
export class Screen {
  readonly #stream: NodeJS.WriteStream;
  readonly #verbose: boolean;
  readonly #emulated: boolean;
  readonly #start = performance.now();

  constructor(stream: NodeJS.WriteStream, options: { verbose: boolean; emulated: boolean }) {
    this.#stream = stream;
    this.#verbose = options.verbose;
    this.#emulated = options.emulated;
  }

  title(text: string): void {
    this.#stream.write(`${this.#paint('bold', text)}\n`);
  }

  blank(): void {
    this.#stream.write('\n');
  }

  plain(text: string): void {
    this.#stream.write(`${text}\n`);
  }

  /** A line with the time since the start and who it is about. */
  line(who: string, text: string, style: Style = 'reset'): void {
    const seconds = ((performance.now() - this.#start) / 1000).toFixed(1).padStart(6);
    this.#stream.write(
      `${this.#paint('dim', `${seconds}s`)}  ${who.padEnd(14)} ${this.#paint(style, text)}\n`,
    );
  }

  event(event: ProvisionEvent): void {
    const { identity } = event;
    if (event.type === 'arrived')
      this.line(identity, `arrived in the collective ${event.collective}`, 'cyan');
    else if (event.type === 'master')
      this.line(identity, `master ${event.master} (${event.address}): ${event.reason}`, 'cyan');
    else if (event.type === 'output') this.#output(identity, event.text);
    else if (event.type === 'step-ended') this.#stepEnded(event);
    else if (event.type === 'waiting') this.line(identity, `waiting: ${event.reason}`, 'yellow');
    else if (event.type === 'left') this.line(identity, `ignored: ${event.reason}`, 'dim');
    else if (event.type === 'quarantined') this.line(identity, `QUARANTINED: ${event.reason}`, 'red');
    else if (event.type === 'notified') this.#notified(event);
    else if (event.type === 'done') {
      const { seconds, secondsOutsidePuppet } = event.report;
      this.line(
        identity,
        `DONE in ${seconds.toFixed(1)} s, of which ${secondsOutsidePuppet.toFixed(1)} s outside the Puppet runs`,
        'green',
      );
    }
  }

  #stepEnded(event: Extract<ProvisionEvent, { type: 'step-ended' }>): void {
    const { identity, step, outcome, reason, seconds } = event;
    const mark = outcome === 'ok' ? '✓' : outcome === 'skipped' ? '-' : '✗';
    const emulated = this.#emulated && isEmulated(step) ? ' [emulated]' : '';
    const why = reason === undefined ? '' : `: ${reason}`;
    const word = outcome === 'ok' ? '' : ` ${outcome}`;
    const style = outcome === 'ok' || outcome === 'skipped' ? 'reset' : 'red';
    this.line(
      identity,
      `  ${mark} ${step.padEnd(22)} ${seconds.toFixed(2).padStart(6)} s${word}${why}${emulated}`,
      style,
    );
  }

  #notified(event: Extract<ProvisionEvent, { type: 'notified' }>): void {
    const how = event.delivered
      ? `sent by ${event.by ?? 'a notifier'}`
      : `NOT delivered: ${event.reason ?? 'no reason given'}`;
    this.line(
      event.identity,
      `notification to ${event.recipient}: "${event.subject}", ${how}`,
      event.delivered ? 'reset' : 'yellow',
    );
  }

  #output(identity: string, text: string): void {
    if (!this.#verbose) return;
    for (const line of text.split('\n')) if (line !== '') this.line(identity, `  | ${line}`, 'dim');
  }

  #paint(style: Style, text: string): string {
    return styleText(style, text, { stream: this.#stream, validateStream: true });
  }
}

const emulatedSteps = new Set([
  'clean_node_certname',
  'sign_node_csr',
  'puppet_bootstrap_stage',
  'puppet_final_run',
  'puppet_daemonize',
]);

/** Whether a step is played by the built-in CA or the stand-in when the demo is emulated. */
export function isEmulated(step: string): boolean {
  return emulatedSteps.has(step);
}
