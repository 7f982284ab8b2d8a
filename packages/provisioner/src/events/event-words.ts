import type { ProvisionEvent } from './events.js';

/** An event in words, without the node's name; nothing for what is only worth showing on request. */
export function wordsOf(event: ProvisionEvent): string | undefined {
  switch (event.type) {
    case 'arrived':
      return `arrived in ${event.collective}`;
    case 'begun':
      return event.resumedAt === undefined
        ? 'provisioning begins'
        : `provisioning goes on at ${event.resumedAt}`;
    case 'master':
      return `master ${event.master} (${event.address}): ${event.reason}`;
    case 'step-started':
      return event.attempt === 1 ? undefined : `${event.step}: attempt ${event.attempt}`;
    case 'output':
      return undefined;
    case 'step-ended': {
      const why = event.reason === undefined ? '' : `: ${event.reason}`;
      return `${event.step} ${event.outcome} (${event.seconds.toFixed(2)} s)${why}`;
    }
    case 'waiting': {
      const when =
        event.seconds === undefined
          ? 'waits until it is back'
          : `tries again in ${event.seconds.toFixed(0)} s`;
      return `${when}: ${event.reason}`;
    }
    case 'left':
      return `left alone: ${event.reason}`;
    case 'done': {
      const { seconds, secondsOutsidePuppet, master } = event.report;
      return `done in ${seconds.toFixed(1)} s against ${master}, ${secondsOutsidePuppet.toFixed(1)} s of them outside Puppet`;
    }
    case 'quarantined':
      return `quarantined: ${event.reason}${event.recorded ? '' : ' (the node could not be told)'}`;
    case 'notified':
      if (event.delivered) return `${event.recipient} was told by ${event.by}`;
      return event.by === undefined
        ? `${event.recipient} could not be told: ${event.reason}`
        : `${event.recipient} is told by ${event.by} as soon as it can: ${event.reason}`;
  }
}
