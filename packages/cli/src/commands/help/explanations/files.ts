import type { Explanations } from './explanation.js';

/** Errors of files on this machine. */
export const files = {
  CONFIG_INVALID: {
    summary: 'a configuration is not valid',
    meaning:
      'The configuration file is not valid YAML, or a key or value in it is not allowed. The message begins with ' +
      'the file name (for YAML errors with line and column) and lists all wrong keys.',
    causes: [
      'A misspelt key. The message suggests the nearest one.',
      'Wrong indentation in YAML, or an open bracket or quote.',
      'Settings that contradict each other, such as `security.mode: none` with a broker on another machine.',
    ],
    actions: [
      'Correct the file, then check it without starting a program: `mco config check`, `mcod --check`, `troupe-broker --check`, `mcprovision check`.',
      'The keys of `mcod.yaml` are in `docs/reference/mcod.md`, the keys of `client.yaml` in `docs/reference/client.md`.',
    ],
  },
  FILE_UNREADABLE: {
    summary: 'a file cannot be read or written',
    meaning:
      'A file that the configuration or an option names does not exist, cannot be read or written by this user, has ' +
      'the wrong contents, or is readable by other users. The message names the file and the reason.',
    causes: [
      'No configuration exists yet: `mco` reads `--config`, `TROUPE_CONFIG`, `~/.config/troupe/client.yaml`, then `/etc/troupe/client.yaml`.',
      'A wrong path (ENOENT, no such file) or a missing permission (EACCES, permission denied): Puppet keys are readable by root and the group `puppet` only.',
      'A private key or a token that all users can read. It is refused; make it private with `chmod o= FILE`.',
      'A full or read-only disk (ENOSPC, EROFS).',
    ],
    actions: [
      'Check the file as the user who runs the program: `ls -l FILE`.',
      '`mco keys NAME` creates a key and prints a client configuration for it.',
    ],
  },
  FILE_UNSAFE: {
    summary: 'other users can write a file that a program trusts',
    meaning:
      'A program was about to load or execute a file, but a user other than root (or, if the program does not run as ' +
      'root, other than root and its own user) can write the file or replace it: the file itself, a folder above it or ' +
      'a link on the way. The message names the path, its mode and owner, and the command that changes it.',
    causes: [
      'A file or folder with mode 0666 or 0777, or one that a group other than root can write.',
      'A file or folder that belongs to another user, such as one from an archive or copied with its owner.',
      'The file is in `/tmp` or in the home folder of a user.',
      'A container or a network file system that shows other owners than the files have.',
    ],
    actions: [
      'Run the command that the message ends with, as root, then start the program again.',
      'If a user must be able to write there, move the file to a folder that belongs to root.',
      '`mcod --check` and `mco doctor --local` list all such files of a host, `mco doctor` lists the hosts.',
      'If it must stay as it is, set `TROUPE_UNSAFE_FILES=allow` in the environment of the program, such as in its systemd unit: anyone who can write these files can then act as the program.',
    ],
  },
  DDL_INVALID: {
    summary: 'a DDL is not valid',
    meaning:
      'The DDL of an agent was found but cannot be used: it is not valid JSON, a key is wrong, or a ' +
      'node sent a DDL that does not match the hash that it announced.',
    causes: [
      'A DDL under development. The message lists each error.',
      'A cached DDL that is damaged.',
      'A node that serves a DDL that does not match its hash: the node is broken or compromised.',
    ],
    actions: [
      '`mco plugin validate PATH` checks a DDL; `mco plugin list -v` shows the file of each one.',
      'Remove a damaged copy from the cache: the next call fetches it from a node.',
    ],
  },
  DDL_UNKNOWN: {
    summary: 'no DDL for this agent, neither local nor on a node',
    meaning:
      'To call an agent, `mco` needs its DDL. There is none on this machine, and no node provided one, so no request was sent.',
    causes: [
      'A misspelt agent. The message suggests the nearest known one.',
      'No node in this collective has the agent, or all nodes with it are offline.',
      'The policy on the nodes does not allow you to fetch DDLs.',
    ],
    actions: [
      '`mco plugin list` lists the agents with a local DDL; `mco find -A AGENT` lists the nodes with an agent.',
      'Put the DDL into a folder of `ddl_dirs` of the client configuration.',
      'If the agent is in another collective, name the collective with `-T`.',
    ],
  },
  AGENT_INVALID: {
    summary: 'an agent cannot be loaded',
    meaning: 'The code of an agent cannot be used by `mcod`, or a new agent cannot be generated.',
    causes: [
      'The package is not installed in a folder that `mcod` searches, or its path is wrong.',
      'The module has no default export from `defineAgent`, or its handlers do not match the actions in its DDL.',
      'The setup of the agent failed. The message has the reason.',
      'Two agents have the same name.',
    ],
    actions: [
      'Correct `agents` or `external_agents` in `mcod.yaml`, then restart `mcod`; its log names each agent that cannot be loaded.',
      '`mco plugin validate PATH` loads an agent as `mcod` does.',
    ],
  },
  POLICY_INVALID: {
    summary: 'a policy file has an error and denies all calls',
    meaning:
      'A policy file, which defines who may call which actions, cannot be used. Until it is corrected, all calls that it applies to are denied.',
    causes: [
      'A line with a wrong number of fields, a wrong fact filter, an operator of another language such as `&&`, or a group that does not exist.',
      'A file that all users can write. It is refused.',
      'A policy that is not read because of its name, such as `Shell.policy` or `default.policy.rpmsave`.',
      'A folder of policies that is empty, or cannot be read.',
      'A data function in a policy that took too long.',
    ],
    actions: [
      '`mco policy check` lists each error with file and line; `mcod --check` does the same before a restart.',
      '`mco policy init` writes a first policy into an empty folder.',
      '`mco policy explain --caller NAME --agent AGENT --action ACTION` shows which line decides.',
    ],
  },
  AUDIT_FAILED: {
    summary: 'the audit log cannot be written',
    meaning:
      'A node cannot write its audit log. With `audit.on_failure: refuse` it refuses all requests; by default it continues ' +
      'and logs the missing entries.',
    causes: ['A full disk, or missing permission to write the file or its folder.'],
    actions: [
      'Free disk space or correct the permissions on that node; the log of `mcod` has the reason and the file.',
      '`mco audit verify FILE` shows whether entries are missing.',
    ],
  },
} as const satisfies Explanations;
