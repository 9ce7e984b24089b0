//! Images, kept in 8 bits a value.

mod augment;
mod background;
mod byte_stream;
mod cifar;
mod finite;
mod grey_float_tiff;
mod idx;
mod idx_file;
mod image_arrays;
mod image_file;
mod image_folder;
mod image_set;
mod layout;
mod mnist_folder;
mod npz;
mod stacked_mnist;
mod store;
mod to_levels;

pub use background::Background;
pub(crate) use cifar::ADVICE as CIFAR_ADVICE;
pub use cifar::{Cifar, CifarLabels};
pub use idx::Idx;
pub use image_file::Colour;
pub(crate) use image_file::is_image;
pub use image_folder::ImageFolder;
pub use layout::Layout;
pub use npz::Npz;
pub use stacked_mnist::StackedMnist;
