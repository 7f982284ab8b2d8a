/** Where the provisioner of a host is paused; beside the state of mcod, whose agent writes it. */
export const defaultPauseFile = '/var/lib/troupe/provisioner.paused';

/** Where the provisioner of a host keeps the names that it has seen. */
export const defaultJournal = '/var/lib/troupe/provisioner.journal';

/** Where metrics and status are served, on loopback only unless the configuration says otherwise. */
export const defaultHttp = { address: '127.0.0.1', port: 9140 } as const;

export const defaultStatusUrl = `http://${defaultHttp.address}:${defaultHttp.port}/status`;
