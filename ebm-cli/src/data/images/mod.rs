//! Images, kept as they are stored: 8 bits a value.

mod augment;
mod byte_stream;
mod finite;
mod idx;
mod idx_file;
mod image_set;
mod mnist_folder;
mod stacked_mnist;
mod store;
mod subset;

pub use idx::Idx;
pub use stacked_mnist::StackedMnist;

#[cfg(test)]
mod fixture;
