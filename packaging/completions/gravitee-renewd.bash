# Completions of gravitee-renewd for bash. A test holds the commands and options against --help.

# The certificates of the configuration, as far as this user may read it.
_gravitee_renewd_names() {
  sed -n 's/^ *\(- *\)\{0,1\}name: *"\{0,1\}\([a-z0-9-]\{1,\}\)"\{0,1\} *\(#.*\)\{0,1\}$/\2/p' "$1" 2>/dev/null
}

_gravitee_renewd() {
  local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local configuration=/etc/gravitee-renewd/config.yaml command='' below='' words='' index
  local -A options=(
    [run]=''
    [renew]='--force --alone --dry-run'
    [status]='--json --watch'
    [check]='--warning --critical --timeout --verbose --version'
    [plan]='--json'
    [validate]='--strict --online'
    [inspect]='--password-file --json'
    [init]='--from --output --force --account-url --token-file --password-file --unit --permissions --user --root --dry-run'
    [activate]=''
    [rollback]='--to --list'
    [fleet]=''
  )
  local -A fleet_options=([key]='' [status]='--json' [halt]='' [resume]='' [publish]='' [reseal]='')

  COMPREPLY=()
  if [[ $previous == --config || $previous == --password-file || $previous == --root ||
    $previous == --from || $previous == --output || $previous == --token-file ]]; then
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
    return
  fi
  for ((index = 1; index < COMP_CWORD; index++)); do
    case ${COMP_WORDS[index]} in
      --config) configuration=${COMP_WORDS[++index]} ;;
      --password-file | --root | --from | --output | --account-url | --token-file | --unit | --user) ((++index)) ;;
      --warning | --critical | --timeout | -w | -c | -t | --to) ((++index)) ;;
      -*) ;;
      *)
        [[ $command != fleet || -n $below ]] || below=${COMP_WORDS[index]}
        [[ -n $command ]] || command=${COMP_WORDS[index]}
        ;;
    esac
  done

  if [[ $word == -* ]]; then
    words="--config --help ${command:+${options[$command]-}} ${below:+${fleet_options[$below]-}}"
    [[ -n $command ]] || words+=--version
  elif [[ -z $command ]]; then
    words=${!options[*]}
  elif [[ $command == fleet && -z $below ]]; then
    words=${!fleet_options[*]}
  else
    case ${below:-$command} in
      renew | check | plan | activate | rollback | status | halt | resume | publish | reseal)
        [[ $command == status ]] || words=$(_gravitee_renewd_names "$configuration")
        ;;
      inspect)
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        return
        ;;
    esac
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

complete -o filenames -F _gravitee_renewd gravitee-renewd
