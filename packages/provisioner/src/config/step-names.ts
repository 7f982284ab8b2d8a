/** The steps of a provisioning, in their order; `done` cannot be switched off. */
export const stepNames = [
  'lock',
  'set_puppet_hostname',
  'clean_node_certname',
  'send_node_csr',
  'sign_node_csr',
  'puppet_bootstrap_stage',
  'puppet_final_run',
  'puppet_daemonize',
  'restart',
  'verify',
  'done',
  'notify',
] as const;

export type StepName = (typeof stepNames)[number];

/** The steps that mcprovision of 2010 had: one that a `steps` section leaves out is off, as it was then. */
export const stepsOf2010 = [
  'lock',
  'set_puppet_hostname',
  'clean_node_certname',
  'send_node_csr',
  'sign_node_csr',
  'puppet_bootstrap_stage',
  'puppet_final_run',
  'puppet_daemonize',
  'notify',
] as const satisfies readonly StepName[];

/** The steps that change a node: without any of them there is nothing that could be done to it. */
export const workingSteps = [
  'set_puppet_hostname',
  'clean_node_certname',
  'send_node_csr',
  'sign_node_csr',
  'puppet_bootstrap_stage',
  'puppet_final_run',
  'puppet_daemonize',
] as const satisfies readonly StepName[];

/** The steps whose work an agent of the site can do. */
export const replaceableSteps: readonly StepName[] = workingSteps;
