/** Of every variable that is ours. */
export const VARIABLE_PREFIX = 'GREPTIME_REBALANCER_';

/** Variables that the commands read themselves; they are no keys of the configuration. */
export const COMMAND_VARIABLES = {
  /** The configuration file, where no `-c` is given. */
  config: 'GREPTIME_REBALANCER_CONFIG',
  /** The daemon that `status`, `pause` and the like talk to. */
  url: 'GREPTIME_REBALANCER_URL',
  /** The file with the token for it. */
  tokenFile: 'GREPTIME_REBALANCER_TOKEN_FILE',
} as const;
