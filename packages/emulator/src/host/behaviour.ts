/**
 * What is wrong with an emulated host: `bootstrap-fails` and `production-fails`: Puppet fails in that environment;
 * `planted`: somebody else's CSR is always at the CA first; `stays`: Puppet leaves its configuration as it was, so
 * that it never reaches the main collective; `vanishes`: it is switched off in the middle of its bootstrap run, for good.
 */
export const behaviours = [
  'healthy',
  'bootstrap-fails',
  'production-fails',
  'planted',
  'stays',
  'vanishes',
] as const;

export type Behaviour = (typeof behaviours)[number];
