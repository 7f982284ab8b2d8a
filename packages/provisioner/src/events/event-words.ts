import type { ProvisionEvent } from './events.js';

/** Describes an event, without the node's name; undefined for an event that is only shown on request. */
export function wordsOf(event: ProvisionEvent): string | undefined {
  switch (event.type) {
    case 'arrived':
      return `arrived in the collective ${event.collective}`;
    case 'begun':
      return event.resumedAt === undefined
        ? 'provisioning started'
        : `provisioning resumed at ${event.resumedAt}`;
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
          ? 'waiting until the node is back online'
          : `retrying in ${event.seconds.toFixed(0)} s`;
      return `${when}: ${event.reason}`;
    }
    case 'stuck': {
      const times = event.count > 1 ? ` (${event.count} times)` : '';
      return `not provisioned yet, ${event.state} since ${event.since}: ${event.reason}${times}`;
    }
    case 'replaced':
      return `replaced the certificate of another host with the name ${event.certname} on ${event.masters.join(', ')}: ${event.reason}`;
    case 'debt-settled':
      return `no longer owed to ${event.master} for ${event.certname}: ${event.reason}`;
    case 'left':
      return `left alone: ${event.reason}`;
    case 'done': {
      const { seconds, secondsOutsidePuppet, master } = event.report;
      return `done in ${seconds.toFixed(1)} s against ${master}, of which ${secondsOutsidePuppet.toFixed(1)} s outside Puppet`;
    }
    case 'quarantined':
      return `quarantined: ${event.reason}${event.recorded ? '' : ' (not recorded on the node)'}`;
    case 'notified':
      if (event.delivered) return `${event.by} notified ${event.recipient}`;
      return event.by === undefined
        ? `cannot notify ${event.recipient}: ${event.reason}`
        : `${event.by} queued the notification to ${event.recipient}: ${event.reason}`;
  }
}
