import type { ArrivalState } from './arrival.js';

const texts: Readonly<Partial<Record<ArrivalState | 'refused', string>>> = {
  new: 'It is online, and the provisioner has not begun with it: see the log of the provisioner.',
  queued:
    'It waits for its turn: see workers and limit_per_master in provisioner.yaml, and whether its master is slow.',
  working: 'The step is still running. This is only a problem if it takes longer than usual.',
  waiting: 'The provisioner tries again by itself.',
  offline:
    'Check that the machine is running, and its log (journalctl -u mcod). Provisioning continues when it is online again.',
  unstable:
    'Check its log for crashes and restarts (journalctl -u mcod), and whether another machine has the same name.',
  silent: 'Check its log (journalctl -u mcod), and whether mcod has the agents provision and rpcutil.',
  'clock-wrong': 'Check NTP on it (timedatectl). Provisioning continues by itself when its clock is right.',
  rejected:
    'If its enrolment token has expired, make a new one ("mco enroll token"), put it on the machine and restart mcod.',
  unwanted: 'Change the policy in provisioner.yaml if it is to be provisioned, or shut the machine down.',
  refused:
    'The broker reports this; name and address are not verified. It is provisioned when it can connect. If its enrolment token has expired or is used up, make a new one ("mco enroll token"), put it on the machine and restart mcod.',
};

/** What to do about a machine in a state. */
export function adviceFor(state: ArrivalState | 'refused'): string | undefined {
  return texts[state];
}
