import type { Explanations } from './explanation.js';

/** What is wrong with files on this machine. */
export const files = {
  CONFIG_INVALID: {
    summary: 'a configuration is not valid',
    meaning:
      'A configuration was read, but it is not valid YAML, or a key or value is not allowed. The message begins with ' +
      'the file, with line and column if it is the YAML; all wrong keys are listed at once.',
    causes: [
      'A misspelt key: the message suggests the nearest one.',
      'YAML that is not indented as it should be, or an open bracket or quote.',
      'Settings that contradict each other, such as `security.mode: none` with a broker on another machine.',
    ],
    actions: [
      'Correct the file, then check it without starting anything: `mco config check`, `mcod --check`, `troupe-broker --check`, `mcprovision check`.',
      'The keys of `mcod.yaml` are in `docs/reference/mcod.md`; `mco config show` lists those of a client.',
    ],
  },
  FILE_UNREADABLE: {
    summary: 'a file cannot be read or written',
    meaning:
      'A file that the configuration or an option names is missing, must not be read or written by this user, is not ' +
      'what it should be, or is open to people who must not read it. The message names the file and the reason.',
    causes: [
      'No configuration exists yet: `mco` reads `--config`, `TROUPE_CONFIG`, `~/.config/troupe/client.yaml`, then `/etc/troupe/client.yaml`.',
      'A wrong path (ENOENT) or missing permission (EACCES): Puppet keys are readable by root and the group `puppet` only.',
      'A private key or a token that everybody can read: it is refused until it is `chmod o=`.',
      'A full or read-only disk (ENOSPC, EROFS).',
    ],
    actions: [
      'Look at the file as the user who runs the program: `ls -l FILE`.',
      '`mco keys NAME` makes a key and prints a client configuration to start from.',
    ],
  },
  DDL_INVALID: {
    summary: 'a DDL is damaged or breaks the rules',
    meaning:
      'The interface of an agent (its DDL) was found but cannot be used: it is not valid JSON, a key is wrong, or a ' +
      'node sent another one than it announced.',
    causes: [
      'A DDL under development: the message lists each fault.',
      'A cached DDL that is damaged.',
      'A node that serves a DDL that does not match its hash: the node is at fault, or not honest.',
    ],
    actions: [
      '`mco plugin validate PATH` checks a DDL; `mco plugin list` names the file of each one.',
      'Remove a damaged copy from the cache: the next call fetches it from a node.',
    ],
  },
  DDL_UNKNOWN: {
    summary: 'no DDL of this agent, here or on a node',
    meaning:
      'To call an agent, `mco` needs its DDL. It is neither on this machine nor did a node give one, so nothing was sent.',
    causes: [
      'A misspelt agent: the message suggests the nearest one that is known here.',
      'No node in this collective has the agent, or those that have it are offline.',
      'Your policy on the nodes does not let you ask them for DDLs.',
    ],
    actions: [
      '`mco plugin list` lists the agents that are known here; `mco find -A AGENT` the nodes that have one.',
      'Put the DDL into a folder of `ddl_dirs` of the client configuration.',
      'Name the collective with `-T` if the agent is in another one.',
    ],
  },
  AGENT_INVALID: {
    summary: 'an agent cannot be loaded',
    meaning: 'The code of an agent cannot be used by `mcod`, or a new agent cannot be generated.',
    causes: [
      'The package is not installed where `mcod` looks for it, or its path is wrong.',
      'It has no default export from `defineAgent`, or its handlers and the actions of its DDL differ.',
      'Its setup failed: the message has the reason.',
      'Two agents have one name.',
    ],
    actions: [
      'Correct `agents` or `external_agents` in `mcod.yaml`, then start `mcod` again; its log names the agent that it could not load.',
      '`mco plugin validate PATH` loads an agent the way `mcod` does.',
    ],
  },
  POLICY_INVALID: {
    summary: 'a policy file cannot be used: it denies everything',
    meaning:
      'A policy that says who may call what cannot be read. Until it is corrected, everything that it decides is denied.',
    causes: [
      'A line with a wrong number of fields, a wrong fact filter, or a group that does not exist.',
      'A file that everybody may write: it is refused.',
      'A data function in a policy that took too long.',
    ],
    actions: [
      '`mco policy check` names each fault with file and line; `mcod --check` does so before a restart.',
      '`mco policy explain --caller NAME --agent AGENT --action ACTION` says which line decides.',
    ],
  },
  AUDIT_FAILED: {
    summary: 'the audit log cannot be written',
    meaning:
      'A node cannot write its audit log. With `audit.on_failure: refuse` it then runs nothing; by default it goes on ' +
      'and notes the gap.',
    causes: ['A full disk, or missing permission to write the file or its folder.'],
    actions: [
      'Free space or correct the permissions on that node: the log of `mcod` has the reason and the file.',
      '`mco audit verify FILE` shows whether entries are missing.',
    ],
  },
} as const satisfies Explanations;
