/** Who plays in the demo, and what is asked of the choice of masters. */
export const masters = [
  { identity: 'puppet-eu.lab', facts: { region: 'eu-west', country: 'ie' } },
  { identity: 'puppet-us.lab', facts: { region: 'us-east', country: 'us' } },
] as const;

export const nodes: readonly NewNode[] = [
  // Its region is that of the second master.
  {
    identity: 'web-us.lab',
    facts: { region: 'us-east', country: 'us' },
    master: 'puppet-us.lab',
    hasOldCertificate: false,
  },
  // No master is in its region; its country is that of the first.
  {
    identity: 'db-ie.lab',
    facts: { region: 'eu-north', country: 'ie' },
    master: 'puppet-eu.lab',
    hasOldCertificate: false,
  },
  // A machine of this name was there before: both masters have signed a certificate for it.
  {
    identity: 'old-eu.lab',
    facts: { region: 'eu-west', country: 'ie' },
    master: 'puppet-eu.lab',
    hasOldCertificate: true,
  },
];

export const notifier = 'notifier.lab';
export const operator = 'operator.mcollective';
export const mailbox = 'ops@example.net';
export const collectives = { enrolment: 'provisioning', main: 'mcollective' } as const;

export type Master = (typeof masters)[number];

export interface NewNode {
  readonly identity: string;
  readonly facts: Readonly<Record<string, string>>;
  /** The master that is to be chosen. */
  readonly master: string;
  readonly hasOldCertificate: boolean;
}
