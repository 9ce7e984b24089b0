
# Asked to stop (code %%interrupted%%), and not cancelled: what is left of the run is queued again.
if [ "$code" -eq %%interrupted%% ] && [ "$(squeue --noheader --jobs="$task" --format=%T)" = RUNNING ]; then
  scontrol requeue "$task"
fi
