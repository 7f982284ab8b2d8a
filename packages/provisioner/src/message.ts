import type { NodeReport } from './report.js';

/** What people are told of a node that has ended: subject and text. */
export function endMessage(report: NodeReport): { readonly subject: string; readonly text: string } {
  const { identity, outcome, master, reason } = report;
  const against = master === undefined ? '' : ` against ${master}`;
  const why = master === undefined || reason === undefined ? [] : [`Master: ${master} (${reason})`];
  if (outcome === 'done') {
    const { seconds, secondsOutsidePuppet, certificateFingerprint: certificate } = report;
    return {
      subject: `Provisioned ${identity}${against}`,
      text: [
        `Provisioned ${identity}${against} in ${seconds.toFixed(1)} s, ${secondsOutsidePuppet.toFixed(1)} s of them outside Puppet.`,
        ...why,
        ...(certificate === undefined ? [] : [`Certificate: ${certificate}`]),
        '',
        ...stepLines(report),
      ].join('\n'),
    };
  }
  return {
    subject: `Quarantined ${identity}`,
    text: [
      `${identity} could not be provisioned and is in quarantine: ${report.failure ?? 'no reason is known'}`,
      ...why,
      '',
      ...stepLines(report),
      '',
      `"mcprovision explain ${identity}" tells its story; when the cause is gone, "mcprovision release ${identity}" goes on ` +
        `where it stopped and "mcprovision retry ${identity}" begins anew.`,
    ].join('\n'),
  };
}

function stepLines({ steps }: NodeReport): readonly string[] {
  return steps.map(({ step, outcome, seconds, reason }) => {
    const words = reason === undefined ? '' : `: ${reason}`;
    return `${step} ${outcome} (${seconds.toFixed(1)} s)${words}`.slice(0, 500);
  });
}
