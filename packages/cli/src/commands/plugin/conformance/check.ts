import type { Sandbox } from './sandbox.js';
import type { Subject } from './subject.js';

/** One rule of a contract, and how to find out whether an agent keeps it. */
export interface Check {
  /** The place of the rule in docs/reference/provision-agent.md, such as `lease 3`. */
  readonly rule: string;
  /** What must be so, as a sentence. */
  readonly title: string;
  /** The actions that it calls: without them in the DDL, it is skipped. */
  readonly needs: readonly string[];
  /** Throws a Broken with what is wrong. */
  run(subject: Subject, sandbox: Sandbox): Promise<void>;
}
