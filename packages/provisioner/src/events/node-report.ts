/** How one step ended. */
export interface StepReport {
  readonly step: string;
  readonly outcome: string;
  readonly seconds: number;
  readonly reason?: string;
}

/** A resource that failed in a Puppet run. */
export interface FailedResource {
  /** Such as `Exec[reload]`. */
  readonly resource: string;
  /** The manifest on the Puppet server that declares it. */
  readonly file?: string;
  readonly line?: number;
  readonly message?: string;
}

/** What became of one node, and how long it took. */
export interface NodeReport {
  readonly identity: string;
  readonly outcome: 'done' | 'quarantined';
  /** Why it is in quarantine. */
  readonly failure?: string;
  /** The resources that failed in the Puppet run that failed last. */
  readonly failedResources?: readonly FailedResource[];
  /** Since when, as the node has it; ISO 8601. */
  readonly quarantinedSince?: string;
  readonly certname?: string;
  readonly master?: string;
  /** Why this master. */
  readonly reason?: string;
  /** SHA-256 in upper-case hex with colons, like the others: of the CSR that the node says it made. */
  readonly csrFingerprintReported?: string;
  /** Of the CSR that the CA signed. */
  readonly csrFingerprintSigned?: string;
  readonly certificateFingerprint?: string;
  /** From the moment a worker took it up, the steps that others did before included. */
  readonly seconds: number;
  /** All but the Puppet runs. */
  readonly secondsOutsidePuppet: number;
  /** Each step as it ended last, in order. */
  readonly steps: readonly StepReport[];
}
