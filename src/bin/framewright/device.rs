//! `--device`: what converts colours, scales, and searches for motion.

use clap::ValueEnum;
use framewright::{Device, GpuContext};

use crate::failure::Failure;
use crate::progress::say;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum DeviceArg {
    /// The processor
    #[default]
    Cpu,
    /// A GPU, which has to be there
    Gpu,
    /// A GPU if there is one, else the processor
    Auto,
    /// A GPU of software: slower than the processor, for tests
    #[value(hide = true)]
    Software,
}

impl DeviceArg {
    pub fn open(self) -> Result<Device, Failure> {
        let needed = |found: framewright::Result<GpuContext>, value: &str| {
            found.map(Device::Gpu).map_err(|error| Failure::from(error).context(format_args!("--device {value}")))
        };
        match self {
            DeviceArg::Cpu => Ok(Device::Cpu),
            DeviceArg::Gpu => needed(GpuContext::new(), "gpu"),
            DeviceArg::Software => needed(GpuContext::software(), "software"),
            DeviceArg::Auto => Ok(GpuContext::new().map_or_else(
                |error| {
                    say(&format!("--device auto: {error}, so the CPU does its work"));
                    Device::Cpu
                },
                Device::Gpu,
            )),
        }
    }
}
