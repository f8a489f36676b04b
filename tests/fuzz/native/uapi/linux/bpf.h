#include <linux/bpf.h> /* where a kernel build tree has it */
